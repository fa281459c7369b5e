import { describeStore } from './describe-store.ts';

describeStore('Swift', {
  conditionalPut: 'not_implemented',
  hasTags: false,
  checksRegion: true,
  hasNullMarkers: false,
  hasCustomerKeys: false,
  hasTenants: false,
});
