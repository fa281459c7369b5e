import type { SweepPage } from './sweep-item.ts';
import { addToSurvey, EMPTY_SURVEY, type Survey } from './tally.ts';

/** Counts what a sweep would delete. Sends no write request. */
export async function surveySweep(pages: AsyncIterable<SweepPage>): Promise<Survey> {
  let survey = EMPTY_SURVEY;
  for await (const { items } of pages) survey = addToSurvey(survey, items);
  return survey;
}
