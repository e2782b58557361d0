//! Globs on resource types and patterns on attribute paths.

use landfast_state::PathStep;

/// A glob: `*` for any text, `?` for one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    /// What stands before the first wildcard.
    prefix: Box<str>,
    /// The rest; empty where there is no wildcard.
    rest: Vec<char>,
}

impl Glob {
    pub(crate) fn new(text: &str) -> Self {
        let (prefix, rest) = text.split_at(text.find(['*', '?']).unwrap_or(text.len()));
        Self { prefix: prefix.into(), rest: rest.chars().collect() }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(text) = text.strip_prefix(&*self.prefix) else { return false };
        // A name, or all that begin so: most globs are one of these.
        match self.rest.as_slice() {
            [] => text.is_empty(),
            ['*'] => true,
            rest => {
                let text: Vec<char> = text.chars().collect();
                wildcard(rest, &text, |c| *c == '*', |pattern, c| *pattern == '?' || pattern == c)
            }
        }
    }
}

/// A pattern on attribute paths: segments with dots between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// `**`: any number of steps, none included.
    Any,
    /// `*`: one step.
    One,
    /// Exactly this name, or the index with this number.
    Name(Box<str>),
    /// A name with wildcards in it.
    Glob(Glob),
}

impl PathPattern {
    /// The pattern that `text` spells, or `None` when a segment of it is empty.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let segment = |text: &str| match text {
            "" => None,
            "**" => Some(Segment::Any),
            "*" => Some(Segment::One),
            text if text.contains(['*', '?']) => Some(Segment::Glob(Glob::new(text))),
            text => Some(Segment::Name(text.into())),
        };
        text.split('.').map(segment).collect::<Option<_>>().map(Self)
    }

    /// The name of a member that every path ends in that the pattern matches, if there is just one: a number may be an index.
    pub(crate) fn last_name(&self) -> Option<&str> {
        match self.0.last() {
            Some(Segment::Name(name)) if name.parse::<usize>().is_err() => Some(name),
            _ => None,
        }
    }

    /// The last name of a member that every path goes through that the pattern matches, if there is one.
    pub(crate) fn inner_name(&self) -> Option<&str> {
        let name = |segment: &'_ Segment| matches!(segment, Segment::Name(name) if name.parse::<usize>().is_err());
        match self.0.iter().rfind(|segment| name(segment)) {
            Some(Segment::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// The name, where the pattern is `**.name`: a name with the same meaning wherever it stands.
    pub(crate) fn general_name(&self) -> Option<&str> {
        match &*self.0 {
            [Segment::Any, Segment::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether the pattern without its last segment matches the path without its last step.
    pub(crate) fn matches_before_last(&self, path: &[PathStep]) -> bool {
        match (self.0.split_last(), path.split_last()) {
            (Some((_, pattern)), Some((_, path))) => {
                wildcard(pattern, path, |segment| *segment == Segment::Any, Segment::fits)
            }
            _ => false,
        }
    }

    /// Whether the pattern matches the whole path.
    pub(crate) fn matches(&self, path: &[PathStep]) -> bool {
        wildcard(&self.0, path, |segment| *segment == Segment::Any, Segment::fits)
    }

    /// Whether the pattern may match a path that goes on from this one.
    pub(crate) fn leads_below(&self, path: &[PathStep]) -> bool {
        let any = self.0.iter().position(|segment| *segment == Segment::Any).unwrap_or(self.0.len());
        let (until_any, begins) = (self.0.get(..any).unwrap_or_default(), path.len().min(any));
        let fit = until_any.iter().zip(path).all(|(segment, step)| segment.fits(step));
        fit && (any < self.0.len() || begins < any)
    }

    /// Whether the pattern matches the path or a path that leads to it.
    pub(crate) fn covers(&self, path: &[PathStep]) -> bool {
        (1..=path.len()).any(|len| path.get(..len).is_some_and(|prefix| self.matches(prefix)))
    }
}

impl Segment {
    fn fits(&self, step: &PathStep) -> bool {
        match (self, step) {
            (Self::Any | Self::One, _) => true,
            (Self::Name(name), PathStep::Key(key)) => name == key,
            (Self::Name(name), PathStep::Index(index)) => **name == *index.to_string(),
            (Self::Glob(glob), PathStep::Key(key)) => glob.matches(key),
            (Self::Glob(_), PathStep::Index(_)) => false,
        }
    }
}

/// Whether `pattern` matches all of `text`, where a star stands for any number of items. Takes at most the product of
/// the lengths in steps.
fn wildcard<P, T>(pattern: &[P], text: &[T], is_star: impl Fn(&P) -> bool, fits: impl Fn(&P, &T) -> bool) -> bool {
    let (mut pattern_at, mut text_at) = (0, 0);
    // Where to go on when the rest does not fit: behind the last star, which then takes one item more.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(item) = text.get(text_at) {
        match pattern.get(pattern_at) {
            Some(part) if is_star(part) => {
                pattern_at += 1;
                retry = Some((pattern_at, text_at));
            }
            Some(part) if fits(part, item) => {
                pattern_at += 1;
                text_at += 1;
            }
            _ => {
                let Some((behind_star, taken)) = retry else { return false };
                (pattern_at, text_at) = (behind_star, taken + 1);
                retry = Some((behind_star, taken + 1));
            }
        }
    }
    pattern.get(pattern_at..).unwrap_or_default().iter().all(is_star)
}

#[cfg(test)]
mod tests {
    use landfast_state::AttributePath;

    use super::*;

    #[test]
    fn globs() {
        for (glob, text, matches) in [
            ("*", "", true),
            ("aws_*", "aws_instance", true),
            ("aws_*", "awscc_instance", false),
            ("aws_?b", "aws_db", true),
            ("aws_?b", "aws_b", false),
            ("*_iam_*", "google_iam_policy", true),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(Glob::new(glob).matches(text), matches, "{glob} on {text}");
        }
    }

    #[test]
    fn path_patterns() {
        for (pattern, path, matches, covers) in [
            ("ingress", "ingress", true, true),
            ("ingress", "ingress[0].cidr_blocks[1]", false, true),
            ("ingress", "egress", false, false),
            ("ingress.*.cidr_blocks", "ingress[0].cidr_blocks", true, true),
            ("ingress.*.cidr_blocks", "ingress[0].from_port", false, false),
            ("**.password", "password", true, true),
            ("**.password", "a.b[3].password", true, true),
            ("**.password", "a.password.b", false, true),
            ("tags.*", "tags[\"a.b\"]", true, true),
            ("tunnel*_key", "tunnel1_key", true, true),
            ("a.0", "a[0]", true, true),
            ("a.**", "a", true, true),
            ("**", "a.b", true, true),
        ] {
            let path: AttributePath = path.parse().unwrap();
            let pattern = PathPattern::new(pattern).unwrap();
            assert_eq!(pattern.matches(&path.steps), matches, "{pattern:?} on {path}");
            assert_eq!(pattern.covers(&path.steps), covers, "{pattern:?} over {path}");
        }
        for (pattern, path, leads) in [
            ("a.*.b", "a", true),
            ("a.*.b", "a[0]", true),
            ("a.*.b", "a[0].b", false),
            ("a.*.b", "b", false),
            ("a.**.b", "a.x.y", true),
            ("a.**.b", "x", false),
            ("**.b", "b", true),
            ("a", "a", false),
        ] {
            let path: AttributePath = path.parse().unwrap();
            assert_eq!(PathPattern::new(pattern).unwrap().leads_below(&path.steps), leads, "{pattern} below {path}");
        }
        assert_eq!(PathPattern::new("a..b"), None);
        assert_eq!(PathPattern::new(""), None);
    }
}
