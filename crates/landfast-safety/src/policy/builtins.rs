//! Which built-in functions of Rego policies are given. A policy judges what it is given and nothing else, so that the same
//! policies and the same input always give the same verdict.

/// Those that are given: each computes from its arguments alone.
const GIVEN: &[&str] = &[
    "__builtin_sets.intersection",
    "__builtin_sets.union",
    "abs",
    "array.concat",
    "array.reverse",
    "array.slice",
    "base64.decode",
    "base64.encode",
    "base64.is_valid",
    "base64url.decode",
    "base64url.encode",
    "base64url.encode_no_pad",
    "bits.and",
    "bits.lsh",
    "bits.negate",
    "bits.or",
    "bits.rsh",
    "bits.xor",
    "ceil",
    "concat",
    "contains",
    "count",
    "endswith",
    "floor",
    "format_int",
    "glob.match",
    "glob.quote_meta",
    "graph.reachable",
    "graph.reachable_paths",
    "hex.decode",
    "hex.encode",
    "indexof",
    "indexof_n",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "json.filter",
    "json.is_valid",
    "json.marshal",
    "json.patch",
    "json.remove",
    "json.unmarshal",
    "lower",
    "max",
    "min",
    "net.cidr_contains",
    "net.cidr_is_valid",
    "numbers.range",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "object.union",
    "object.union_n",
    "print",
    "product",
    "regex.find_n",
    "regex.globs_match",
    "regex.is_valid",
    "regex.match",
    "regex.replace",
    "regex.split",
    "regex.template_match",
    "replace",
    "round",
    "semver.compare",
    "semver.is_valid",
    "sort",
    "split",
    "sprintf",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "strings.count",
    "strings.replace_n",
    "strings.reverse",
    "substring",
    "sum",
    "to_number",
    "trace",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "type_name",
    "union",
    "units.parse",
    "units.parse_bytes",
    "upper",
    "walk",
];

/// Those of OPA that are not, by name or by what comes before the dot, with the reason.
const FORBIDDEN: &[(&str, &str)] = &[
    ("crypto", "keys and certificates are not for policies"),
    ("graphql", "the engine does not have it"),
    ("http", "a policy has no network"),
    ("io.jwt", "keys and tokens are not for policies"),
    ("json.match_schema", "the engine does not have it"),
    ("json.verify_schema", "the engine does not have it"),
    ("net.cidr_contains_matches", "the engine does not have it"),
    ("net.cidr_expand", "it makes lists of millions of addresses"),
    ("net.lookup_ip_addr", "a policy has no network"),
    ("numbers.range_step", "it makes lists of any length; numbers.range is given"),
    ("opa", "a policy does not see the environment"),
    ("providers", "a policy has no network"),
    ("rand", "a policy gives the same verdict every time"),
    ("rego", "a policy does not see its own text"),
    ("test", "it is for tests of the engine"),
    ("time", "a policy has no clock: what it judges must not depend on when it is asked"),
    ("urlquery", "the engine does not have it"),
    ("uuid", "a policy gives the same verdict every time"),
    ("yaml", "the engine does not have it"),
];

/// Whether a function is given.
pub(super) fn is_given(name: &str) -> bool {
    GIVEN.contains(&name)
}

/// Why a function of OPA is not given.
pub(super) fn why_forbidden(name: &str) -> Option<&'static str> {
    let covers = |entry: &str| name.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    FORBIDDEN.iter().find(|(entry, _)| name.contains('.') && covers(entry)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_both_given_and_forbidden() {
        assert!(GIVEN.is_sorted(), "{GIVEN:?}");
        assert_eq!(GIVEN.iter().find(|name| why_forbidden(name).is_some()), None);
        for name in ["http.send", "opa.runtime", "time.now_ns", "rand.intn", "uuid.rfc4122", "net.lookup_ip_addr"] {
            assert!(why_forbidden(name).is_some() && !is_given(name), "{name}");
        }
        assert_eq!(why_forbidden("timer.now"), None);
    }
}
