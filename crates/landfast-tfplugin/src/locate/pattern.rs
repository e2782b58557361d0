//! Which providers a place of installation is for, as terraform's settings write it: `example.com/*/*`, `hashicorp/*`.

use super::source::ProviderSource;

/// A source address in which parts may stand for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourcePattern {
    /// `None` for any.
    parts: [Option<String>; 3],
}

impl SourcePattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let [host, namespace, type_name] = match parts.as_slice() {
            [type_name] => ["registry.terraform.io", "hashicorp", *type_name],
            [namespace, type_name] => ["registry.terraform.io", *namespace, *type_name],
            [host, namespace, type_name] => [*host, *namespace, *type_name],
            _ => return None,
        };
        // What stands for all of a kind has only such below it.
        if (host == "*" && namespace != "*") || (namespace == "*" && type_name != "*") {
            return None;
        }
        // The rest must make an address.
        let or = |part: &str, other: &str| if part == "*" { other.to_owned() } else { part.to_owned() };
        let filled = [or(host, "example.com"), or(namespace, "a"), or(type_name, "a")].join("/");
        let source = ProviderSource::parse(&filled).ok()?;
        let kept = |part: &str, name: &str| (part != "*").then(|| name.to_owned());
        let parts =
            [kept(host, source.host()), kept(namespace, source.namespace()), kept(type_name, source.type_name())];
        Some(Self { parts })
    }

    fn fits(&self, source: &ProviderSource) -> bool {
        let names = [source.host(), source.namespace(), source.type_name()];
        self.parts.iter().zip(names).all(|(part, name)| part.as_ref().is_none_or(|part| part == name))
    }
}

/// What is let in: what `include` names, or all where it names nothing, without what `exclude` names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Selection {
    pub(super) include: Vec<SourcePattern>,
    pub(super) exclude: Vec<SourcePattern>,
}

impl Selection {
    pub(super) fn takes(&self, source: &ProviderSource) -> bool {
        let included = self.include.is_empty() || self.include.iter().any(|pattern| pattern.fits(source));
        included && !self.exclude.iter().any(|pattern| pattern.fits(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_for_all() {
        for (pattern, takes, leaves) in [
            ("*/*/*", &["example.com/a/b", "aws"][..], &[][..]),
            ("*/*", &["acme/dns", "aws"], &["example.com/acme/dns"]),
            ("hashicorp/*", &["aws"], &["acme/aws"]),
            ("Example.com/*/*", &["example.com/a/b"], &["a/b"]),
            ("aws", &["hashicorp/aws"], &["hashicorp/null"]),
        ] {
            let pattern = SourcePattern::parse(pattern).unwrap();
            assert!(takes.iter().all(|source| pattern.fits(&ProviderSource::parse(source).unwrap())), "{pattern:?}");
            assert!(!leaves.iter().any(|source| pattern.fits(&ProviderSource::parse(source).unwrap())), "{pattern:?}");
        }
        for text in ["", "*/aws", "*/hashicorp/*", "a/*/b", "a/b/c/d", "a b"] {
            assert_eq!(SourcePattern::parse(text), None, "{text}");
        }
    }
}
