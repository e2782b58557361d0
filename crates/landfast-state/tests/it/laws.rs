//! Laws that hold for any input.

use landfast_state::address::{
    InstanceAddress, InstanceKey, ModuleAddress, ModuleStep, ObjectAddress, ResourceAddress, ResourceMode,
};
use landfast_state::json::{Limits, Raw, RawJson, StructuralHasher, write_canonical};
use landfast_state::{AttributePath, Number, PathStep, StateFile, Value, canonical_number};
use proptest::prelude::*;

fn key() -> impl Strategy<Value = InstanceKey> {
    prop_oneof![
        Just(InstanceKey::None),
        any::<u32>().prop_map(|index| InstanceKey::Int(index.into())),
        "\\PC{0,8}".prop_map(|key| InstanceKey::String(key.into())),
        any::<String>().prop_map(|key| InstanceKey::String(key.into())),
        "[$%{}\"\\\\.\\[\\]]{0,6}".prop_map(|key| InstanceKey::String(key.into())),
    ]
}

fn object() -> impl Strategy<Value = ObjectAddress> {
    let name = "[a-z_][a-z0-9_-]{0,6}";
    let step = (name, key()).prop_map(|(name, key)| ModuleStep { name: name.into(), key });
    let mode = prop_oneof![Just(ResourceMode::Managed), Just(ResourceMode::Data), Just(ResourceMode::Ephemeral)];
    let deposed = prop::option::of("[0-9a-f]{8}");
    (prop::collection::vec(step, 0..3), mode, "x[a-z0-9_]{0,6}", name, key(), deposed).prop_map(
        |(steps, mode, type_name, name, key, deposed)| ObjectAddress {
            instance: InstanceAddress {
                resource: ResourceAddress {
                    module: ModuleAddress { steps },
                    mode,
                    type_name: type_name.into(),
                    name: name.into(),
                }
                .into(),
                key,
            },
            deposed: deposed.map(Into::into),
        },
    )
}

/// JSON texts of any shape, with odd white space, escapes and numbers.
fn json() -> impl Strategy<Value = String> {
    let string = prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(String::from("\"\\ud83d\\ude00\\u0041\\/\"")),
    ];
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        "-?[1-9][0-9]{0,30}(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
    ];
    let leaf = prop_oneof![
        Just(String::from("null")),
        Just(String::from("true")),
        Just(String::from(" false ")),
        string,
        number
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}\n]", items.join(" ,"))),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| format!("{}\t: {value}", serde_json::to_string(key).unwrap()))
                    .collect();
                format!("{{ {} }}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn addresses_print_and_parse(address in object()) {
        prop_assert_eq!(address.to_string().parse::<ObjectAddress>().unwrap(), address);
    }

    #[test]
    fn parsing_an_address_never_panics(text in any::<String>()) {
        if let Ok(address) = text.parse::<ObjectAddress>() {
            prop_assert_eq!(address.to_string().parse::<ObjectAddress>().unwrap(), address);
        }
    }

    #[test]
    fn paths_print_and_parse(steps in prop::collection::vec(prop_oneof![
        any::<String>().prop_map(|key| PathStep::Key(key.into())),
        any::<usize>().prop_map(PathStep::Index),
    ], 0..5)) {
        let path = AttributePath { steps };
        prop_assert_eq!(path.to_string().parse::<AttributePath>().unwrap(), path);
    }

    #[test]
    fn what_serde_json_reads_we_read_alike(text in json()) {
        let raw = Raw::check(text.as_bytes(), &Limits::default()).unwrap();
        let value = Value::from_raw(raw, &[]);
        let ours = serde_json::to_string(&value).unwrap();
        let again = Value::from_raw(Raw::check(ours.as_bytes(), &Limits::default()).unwrap(), &[]);
        prop_assert_eq!(again, value);
    }

    #[test]
    fn the_canonical_form_is_a_fixed_point(text in json()) {
        let canonical = |text: &str| {
            let mut out = String::new();
            write_canonical(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), &mut out);
            out
        };
        let once = canonical(&text);
        prop_assert_eq!(canonical(&once), once);
    }

    #[test]
    fn structural_hashes_are_equal_where_canonical_forms_are((a, b) in (json(), json())) {
        let mut hasher = StructuralHasher::new();
        let raw = |text: &str| RawJson::check(text.to_owned().into(), &Limits::default()).unwrap();
        let canonical = |raw: &RawJson| {
            let mut out = String::new();
            write_canonical(raw.as_raw(), &mut out);
            out
        };
        let (a, b) = (raw(&a), raw(&b));
        prop_assert_eq!(hasher.hash(a.as_raw()) == hasher.hash(b.as_raw()), canonical(&a) == canonical(&b));
        // Written otherwise: canonically, and by terraform's rules with white space.
        let other = raw(&canonical(&a));
        prop_assert_eq!(hasher.hash(a.as_raw()), hasher.hash(other.as_raw()));
        let mut text = String::new();
        Value::from_raw(a.as_raw(), &[]).write_json(&mut text);
        // A key or string that is a comma is broken by this.
        let spaced = format!(" {} ", text.replace("\",\"", "\" ,\n\t\""));
        if let Ok(spaced) = RawJson::check(spaced.into(), &Limits::default()) {
            prop_assert_eq!(canonical(&spaced) == canonical(&a), hasher.hash(spaced.as_raw()) == hasher.hash(a.as_raw()));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Raw::check(&bytes, &Limits::default());
        let _ = StateFile::read(bytes.into(), "x", &Limits::default());
    }

    #[test]
    fn broken_json_is_refused_where_serde_json_refuses_it(text in json(), cut in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut broken: Vec<char> = text.chars().collect();
        let at = cut.index(broken.len());
        broken[at] = with;
        let broken: String = broken.into_iter().collect();
        if serde_json::from_str::<serde_json::Value>(&broken).is_err() {
            let refused = Raw::check(broken.as_bytes(), &Limits::default()).is_err();
            // serde_json refuses numbers that no double holds; they are exact here.
            let number = serde_json::from_str::<serde_json::Value>(&broken).unwrap_err().to_string().contains("number out of range");
            prop_assert!(refused || number, "{}", broken);
        }
    }

    #[test]
    fn equal_numbers_have_one_canonical_form(digits in "[1-9][0-9]{0,20}", zeros in 0_usize..10) {
        let padded = format!("{digits}{}.{}", "0".repeat(zeros), "0".repeat(zeros + 1));
        let shifted = format!("{digits}e{zeros}");
        prop_assert_eq!(padded.parse::<Number>().unwrap(), shifted.parse::<Number>().unwrap());
        prop_assert_eq!(canonical_number(&padded), canonical_number(&shifted));
    }
}
