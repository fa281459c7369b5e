import { Registry, type RegistryContentType } from 'prom-client';
import type { FamilyDocument, SeriesDocument } from '../documents/metrics-documents.ts';
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
export async function metricsDocument(measured: Measured): Promise<readonly FamilyDocument[]> {
  const families = await createRegistry(measured).getMetricsAsJSON();
  return families.map(({ name, type, help, values }) => ({
    name,
    // One of ours, and its declared type is an enum whose values the package does not export.
    type: type as unknown as FamilyDocument['type'],
    help,
    series: values.map(({ labels, value, ...rest }) => ({
      ...('metricName' in rest && typeof rest.metricName === 'string' ? { name: rest.metricName } : {}),
      // Each label has a value: see `inOrder`.
      labels: labels as SeriesDocument['labels'],
      value,
    })),
  }));
}
