-- An alarm of the platform itself belongs to no property; one of a property's whole network belongs to the property.
alter table alarm alter column property_id drop not null;
alter table alarm drop constraint alarm_source_kind_check;
alter table alarm add constraint alarm_source_kind_check
  check (source_kind in ('platform', 'property', 'gateway', 'line', 'meter'));
alter table alarm add constraint alarm_property_check check ((source_kind = 'platform') = (property_id is null));
