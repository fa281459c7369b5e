import { describeStore } from './describe-store.ts';

describeStore('Ceph', {
  conditionalPut: 'checked',
  hasTags: true,
  checksRegion: false,
  hasNullMarkers: true,
  hasCustomerKeys: true,
  hasTenants: true,
});
