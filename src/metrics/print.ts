import { Registry, type RegistryContentType } from 'prom-client';
import { createRegistry, type Measured } from './registry.ts';

export type MetricFormat = 'prometheus' | 'openmetrics';

/**
 * The metrics in one of Prometheus's two text formats; ends with a newline.
 * @param labels added to every series
 */
export async function printMetrics(
  measured: Measured,
  format: MetricFormat,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const registry = createRegistry(measured);
  registry.setDefaultLabels({ ...labels });
  if (format === 'prometheus') return await registry.metrics();
  // prom-client encodes the format in the registry's type, and only this call changes it.
  (registry as Registry<RegistryContentType>).setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return await registry.metrics();
}

/** The families as plain data: name, type, help and series. */
export async function metricsDocument(measured: Measured): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const families = await createRegistry(measured).getMetricsAsJSON();
  return families.map(({ name, type, help, values }) => ({
    name,
    type,
    help,
    series: values.map(({ labels, value, ...rest }) => ({
      ...('metricName' in rest && rest.metricName !== undefined ? { name: rest.metricName } : {}),
      labels,
      value,
    })),
  }));
}
