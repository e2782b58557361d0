//! Envelopes: what was changed, cut, swapped or sealed for others is refused.

use landfast_backends::Environment;
use landfast_backends::encrypt::{
    Binding, Compression, Expectation, KdfCost, KeyError, Keyring, OpenError, Passphrase, SealError, SealedFor,
    SecretKey, inspect, is_sealed, open, seal,
};
use landfast_state::BytesDigest;
use proptest::prelude::*;

fn binding(serial: u64) -> Binding {
    Binding::new("snapshot").of_state("s3://bucket/prod.tfstate", "default", "l-1", serial)
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32], "test").unwrap()
}

fn passphrase(text: &str) -> Keyring {
    Keyring::new().with_passphrase_of(Passphrase::new(text).unwrap(), KdfCost::least())
}

fn small(keys: &Keyring) -> Vec<u8> {
    seal(b"{\"serial\": 7}", &binding(7), keys, Compression::None).unwrap()
}

/// The envelope with a header that says of itself that it is whole: what somebody who knows the format does.
fn with_checksum(mut envelope: Vec<u8>) -> Option<Vec<u8>> {
    let mut breaks = envelope.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index);
    let (_, header_end) = (breaks.next()?, breaks.next()?);
    let checksum = BytesDigest::of(&envelope[..=header_end]).to_string();
    envelope.get_mut(header_end + 1..header_end + 65)?.copy_from_slice(checksum.as_bytes());
    Some(envelope)
}

#[test]
fn every_flipped_bit_is_refused() {
    for keys in [passphrase("open sesame"), Keyring::new().with_key(key(1))] {
        let sealed = small(&keys);
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&changed, "it", &keys, &Expectation::anything()).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused_where_the_checksum_was_made_to_fit() {
    let keys = Keyring::new().with_key(key(1));
    let sealed = small(&keys);
    let checksum =
        sealed.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index).nth(1).unwrap();
    let mut tried = 0;
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Some(changed) = with_checksum(changed) else { continue };
        if (checksum + 1..checksum + 65).contains(&(bit / 8)) {
            // The checksum itself was changed, and then made to fit again.
            assert_eq!(changed, sealed);
            continue;
        }
        tried += 1;
        assert!(open(&changed, "it", &keys, &Expectation::anything()).is_err(), "bit {bit}");
    }
    assert!(tried > 2000, "{tried}");
}

#[test]
fn every_truncation_is_refused_and_nothing_may_follow() {
    let keys = passphrase("open sesame");
    let sealed = small(&keys);
    for length in 0..sealed.len() {
        assert!(open(&sealed[..length], "it", &keys, &Expectation::anything()).is_err(), "{length}");
    }
    let more = [&sealed[..], b"x"].concat();
    assert!(open(&more, "it", &keys, &Expectation::anything()).is_err());
}

#[test]
fn chunks_cannot_be_left_out_moved_or_repeated() {
    let keys = Keyring::new().with_key(key(1));
    let plain: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).take(200_000).collect();
    let sealed = seal(&plain, &binding(7), &keys, Compression::None).unwrap();
    assert_eq!(open(&sealed, "it", &keys, &Expectation::anything()).unwrap().plain, plain);
    let header = sealed.len() - (200_000 + 4 * 16);
    let chunk = (64 << 10) + 16;
    let part = |number: usize| &sealed[header + number * chunk..sealed.len().min(header + (number + 1) * chunk)];
    for order in [&[0, 1, 2][..], &[1, 0, 2, 3], &[0, 0, 1, 2, 3], &[0, 2, 3], &[0, 1, 2, 3, 3], &[3], &[]] {
        let parts: Vec<u8> = order.iter().flat_map(|number| part(*number)).copied().collect();
        let changed = [&sealed[..header], &parts].concat();
        let error = open(&changed, "it", &keys, &Expectation::anything()).unwrap_err();
        assert!(error.to_string().contains("damaged or was tampered with"), "{order:?}: {error}");
    }
}

#[test]
fn an_older_snapshot_or_one_of_another_state_is_refused() {
    let keys = Keyring::new().with_key(key(1));
    let sealed = small(&keys);
    assert_eq!(open(&sealed, "it", &keys, &Expectation::exactly(&binding(7))).unwrap().binding, binding(7));
    let state = |place, workspace, lineage| Binding::new("snapshot").of_state(place, workspace, lineage, 7);
    for (expected, message) in [
        (binding(8), "it: it holds the serial 7, and not 8"),
        (state("s3://bucket/prod.tfstate", "blue", "l-1"), "it: it holds the workspace default, and not blue"),
        (state("s3://bucket/prod.tfstate", "default", "l-2"), "it: it holds the lineage l-1, and not l-2"),
        (state("s3://b/k", "default", "l-1"), "it: it holds the place s3://bucket/prod.tfstate, and not s3://b/k"),
    ] {
        let error = open(&sealed, "it", &keys, &Expectation::exactly(&expected)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    // A header of another envelope before this content.
    let other = seal(b"{\"serial\": 8}", &binding(8), &keys, Compression::None).unwrap();
    let content = 13 + 16;
    let swapped = [&other[..other.len() - content], &sealed[sealed.len() - content..]].concat();
    assert!(open(&swapped, "it", &keys, &Expectation::exactly(&binding(8))).is_err());
}

#[test]
fn a_wrong_key_is_told_from_damage() {
    let sealed = small(&passphrase("open sesame"));
    let error = |keys: &Keyring, bytes: &[u8]| open(bytes, "it", keys, &Expectation::anything()).unwrap_err();
    assert!(matches!(error(&passphrase("open sesam"), &sealed), OpenError::WrongPassphrase { .. }));
    let with_key = Keyring::new().with_key(key(1));
    assert_eq!(
        error(&with_key, &sealed).to_string(),
        "it: none of the given keys opens it: it was sealed for a passphrase"
    );
    let of_key = small(&with_key);
    let message = error(&Keyring::new().with_key(key(2)), &of_key).to_string();
    assert_eq!(message, format!("it: none of the given keys opens it: it was sealed for the key {}", key(1).id()));
    let mut damaged = sealed.clone();
    damaged[60] ^= 1;
    for keys in [passphrase("open sesame"), passphrase("wrong")] {
        assert!(matches!(error(&keys, &damaged), OpenError::Damaged { .. }));
    }
    assert!(matches!(error(&with_key, b"{}"), OpenError::NotSealed { .. }));
    assert!(matches!(error(&with_key, b"landfast-sealed/2\n"), OpenError::UnknownVersion { .. }));
    assert!(is_sealed(&sealed) && !is_sealed(b"{}"));
}

#[test]
fn a_hostile_header_exhausts_nothing() {
    let keys = passphrase("open sesame");
    let sealed = String::from_utf8_lossy(&small(&keys)[..]).into_owned();
    for (from, to) in [
        ("\"memory_kib\":64", "\"memory_kib\":4294967295"),
        ("\"passes\":1", "\"passes\":4294967295"),
        ("\"lanes\":1", "\"lanes\":100000"),
    ] {
        assert!(sealed.contains(from));
        // The content is not reached, so that it is no valid text any more does not matter.
        let hostile = with_checksum(sealed.replace(from, to).into_bytes()).unwrap();
        let started = std::time::Instant::now();
        let error = open(&hostile, "it", &keys, &Expectation::anything()).unwrap_err();
        assert!(matches!(error, OpenError::TooCostly { .. }), "{error}");
        assert!(started.elapsed().as_secs() < 1);
    }
    let endless = [b"landfast-sealed/1\n".as_slice(), &vec![b'x'; 1 << 20]].concat();
    assert!(open(&endless, "it", &keys, &Expectation::anything()).is_err());
}

#[test]
fn any_of_the_keys_opens_and_old_ones_only_open() {
    let both = passphrase("open sesame").with_key(key(1));
    let sealed = small(&both);
    let sealed_for = inspect(&sealed, "it").unwrap().sealed_for;
    assert_eq!(sealed_for[0], SealedFor::Passphrase);
    assert_eq!(sealed_for.len(), 2);
    for keys in [passphrase("open sesame"), Keyring::new().with_key(key(1))] {
        assert!(open(&sealed, "it", &keys, &Expectation::anything()).is_ok());
    }
    let rotated = Keyring::new().with_key(key(2)).with_old_key(key(1));
    assert!(open(&sealed, "it", &rotated, &Expectation::anything()).is_ok());
    assert_eq!(inspect(&small(&rotated), "it").unwrap().sealed_for.len(), 1);
    for keys in [Keyring::new(), Keyring::new().with_old_key(key(1))] {
        let error = seal(b"x", &binding(1), &keys, Compression::None).unwrap_err();
        assert!(matches!(error, SealError::NoKey), "{error}");
    }
}

#[test]
fn keys_come_from_files_and_variables_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let hex = "0102030405060708091011121314151617181920212223242526272829303132";
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let id = SecretKey::from_bytes(&bytes, "test").unwrap().id().to_owned();
    for text in [hex.as_bytes(), format!("{hex}\n").as_bytes(), &bytes] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(SecretKey::from_file(&path).unwrap().id(), id);
    }
    let environment: Environment = [("KEY".to_owned(), hex.to_owned())].into_iter().collect();
    let read = SecretKey::from_variable(&environment, "KEY").unwrap();
    assert_eq!((read.id(), read.expose_text().as_str()), (id.as_str(), hex));
    assert!(!format!("{read:?}").contains(&hex[..8]));
    std::fs::write(&path, "too short").unwrap();
    let error = SecretKey::from_file(&path).unwrap_err().to_string();
    assert!(error.starts_with(&path.display().to_string()) && !error.contains("too short"), "{error}");
    assert!(matches!(SecretKey::from_variable(&environment, "OTHER"), Err(KeyError::NotSet { .. })));

    std::fs::write(&path, "open sesame\r\n").unwrap();
    let keys = Keyring::new().with_passphrase_of(Passphrase::from_file(&path).unwrap(), KdfCost::least());
    assert!(open(&small(&passphrase("open sesame")), "it", &keys, &Expectation::anything()).is_ok());
    assert!(!format!("{keys:?}").contains("sesame"));
    assert!(Passphrase::new("").is_err());
}

#[test]
fn the_default_costs_are_what_is_recommended() {
    let cost = KdfCost::default();
    assert_eq!((cost.memory_kib, cost.passes, cost.lanes), (65536, 3, 4));
    let keys = Keyring::new().with_passphrase(Passphrase::new("open sesame").unwrap());
    assert!(open(&small(&keys), "it", &keys, &Expectation::anything()).is_ok());
}

#[cfg(feature = "encryption-age")]
#[test]
fn age_identities_open_what_was_sealed_for_their_recipients() {
    use landfast_backends::encrypt::{AgeIdentities, AgeRecipients};
    // Of `age-keygen`'s format; made for this test.
    use age::secrecy::ExposeSecret as _;
    let make = || {
        let identity = age::x25519::Identity::generate();
        (identity.to_string().expose_secret().to_owned(), identity.to_public().to_string())
    };
    let ((secret, public), (other, _)) = (make(), make());
    let recipients = AgeRecipients::parse(&format!("# the team\n{public}\n"), "recipients").unwrap();
    let sealing = Keyring::new().with_age_recipients(recipients);
    let opening =
        |secret: &str| Keyring::new().with_age_identities(AgeIdentities::parse(secret, "identities").unwrap());
    let sealed = small(&sealing);
    assert!(sealing.can_seal() && !sealing.can_open() && opening(&secret).can_open() && !opening(&secret).can_seal());
    assert_eq!(open(&sealed, "it", &opening(&secret), &Expectation::anything()).unwrap().plain, "{\"serial\": 7}");
    let error = open(&sealed, "it", &opening(&other), &Expectation::anything()).unwrap_err().to_string();
    assert_eq!(error, "it: none of the given keys opens it: it was sealed for age recipients");
    assert!(!format!("{:?}", opening(&secret)).contains("SECRET"));
    for bit in (0..sealed.len() * 8).step_by(3) {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&changed, "it", &opening(&secret), &Expectation::anything()).is_err(), "bit {bit}");
    }
    let error = AgeRecipients::parse("age1nonsense", "recipients").unwrap_err().to_string();
    assert_eq!(error, "recipients: line 1 is no age recipient (age1…)");
    let error = AgeRecipients::parse("ssh-ed25519 AAAA me", "recipients").unwrap_err().to_string();
    assert_eq!(error, "recipients: line 1 is no age recipient (age1…)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_sealed_opens_to_the_same(
        plain in proptest::collection::vec(any::<u8>(), 0..200_000),
        place in "\\PC{0,40}", workspace in "\\PC{0,10}", lineage in "\\PC{0,20}", serial: u64, gzip: bool,
    ) {
        let keys = Keyring::new().with_key(key(3));
        let binding = Binding::new("snapshot").of_state(&place, &workspace, &lineage, serial);
        let compression = if gzip { Compression::Gzip } else { Compression::None };
        let sealed = seal(&plain, &binding, &keys, compression).unwrap();
        let opened = open(&sealed, "it", &keys, &Expectation::exactly(&binding)).unwrap();
        prop_assert_eq!(&opened.plain[..], &plain[..]);
        // Nothing of more than a few bytes is in there as it was.
        if plain.len() > 16 && !gzip {
            prop_assert!(!sealed.windows(16).any(|window| window == &plain[..16]));
        }
    }

    #[test]
    fn any_change_is_refused(
        plain in proptest::collection::vec(any::<u8>(), 0..100_000), at: prop::sample::Index, by in 1..=255_u8, fit: bool,
    ) {
        let keys = Keyring::new().with_key(key(3));
        let sealed = seal(&plain, &binding(1), &keys, Compression::None).unwrap();
        let mut changed = sealed.clone();
        let at = at.index(sealed.len());
        changed[at] ^= by;
        let changed = if fit { with_checksum(changed).unwrap_or_default() } else { changed };
        prop_assume!(changed != sealed);
        prop_assert!(open(&changed, "it", &keys, &Expectation::anything()).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), header in "\\PC{0,200}") {
        let keys = Keyring::new().with_key(key(3));
        let _ = open(&bytes, "it", &keys, &Expectation::anything());
        let text = format!("landfast-sealed/1\n{header}\n{:64}\n", "");
        let envelope = with_checksum(text.into_bytes()).unwrap_or_default();
        prop_assert!(open(&envelope, "it", &keys, &Expectation::anything()).is_err());
    }
}
