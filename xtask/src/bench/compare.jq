# Compares two states, bound to $a and $b as arrays of one element, instance by instance, and prints what differs.
def keyed:
  [ .resources[] as $resource
    | $resource.instances[]
    | { key: ([$resource.module, $resource.mode, $resource.type, $resource.name, .index_key, .deposed] | tojson),
        value: .attributes } ]
  | from_entries;

($a[0] | keyed) as $recorded
| ($b[0] | keyed) as $observed
| ($recorded + $observed | keys[])
| select($recorded[.] != $observed[.])
