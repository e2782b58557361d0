//! Breaking lines at words.

use crate::escape::escape_line;

/// Something that stands on one line as a whole: how it is shown, and how many columns that takes.
#[derive(Debug, Clone)]
pub(super) struct Word {
    shown: String,
    columns: usize,
}

impl Word {
    /// A text that is shown as it is, spaces included.
    pub(super) fn whole(text: impl Into<String>) -> Self {
        let shown = text.into();
        let columns = shown.chars().count();
        Self { shown, columns }
    }

    /// `plain`, shown as `painted`, which takes the same columns.
    pub(super) fn painted(plain: &str, painted: String) -> Self {
        Self { shown: painted, columns: plain.chars().count() }
    }

    /// The same with `end` right behind it.
    pub(super) fn and(mut self, end: &str) -> Self {
        self.shown.push_str(end);
        self.columns += end.chars().count();
        self
    }
}

/// The words of a text that comes from us, as it is.
pub(super) fn words(text: &str) -> Vec<Word> {
    text.split(' ').filter(|word| !word.is_empty()).map(Word::whole).collect()
}

/// The words on as many lines as they need, with a space between two of them: the first line behind `indent` columns, the
/// others behind `hanging`. A word that is too long for any line has one of its own. The indents are not part of the lines.
pub(super) fn fill(words: Vec<Word>, indent: usize, hanging: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<Word> = Vec::new();
    for word in words {
        let before = if lines.len() > 1 { hanging } else { indent };
        match lines.last_mut() {
            Some(line) if before + line.columns + 1 + word.columns <= width => {
                line.shown.push(' ');
                line.shown.push_str(&word.shown);
                line.columns += 1 + word.columns;
            }
            _ => lines.push(word),
        }
    }
    lines.into_iter().map(|line| line.shown).collect()
}

/// A text from data over as many lines as it needs. Each is escaped by itself: what is harmless inside a line may be a
/// command of a build server at the start of one.
pub(super) fn fill_data(text: &str, indent: usize, hanging: usize, width: usize) -> Vec<String> {
    // Escaping may lengthen a line, so that the words are escaped before they are counted.
    let text = escape_line(text);
    let lines = fill(words(&text), indent, hanging, width);
    lines.iter().map(|line| escape_line(line).into_owned()).collect()
}

/// The columns that the words take on one line.
pub(super) fn columns(words: &[Word]) -> usize {
    words.iter().map(|word| word.columns + 1).sum::<usize>().saturating_sub(1)
}

/// Appends lines with their indents.
pub(super) fn push_lines(out: &mut String, lines: &[String], indent: usize, hanging: usize) {
    for (at, line) in lines.iter().enumerate() {
        out.push_str(&" ".repeat(if at == 0 { indent } else { hanging }));
        out.push_str(line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(fill(words("a bb  ccc"), 2, 4, 6), ["a bb", "ccc"]);
        assert_eq!(fill(words("a bb ccc"), 2, 4, 7), ["a bb", "ccc"]);
        assert_eq!(fill(words("a bb ccc"), 0, 0, 8), ["a bb ccc"]);
        assert_eq!(fill(words("muchtoolong a"), 0, 2, 4), ["muchtoolong", "a"]);
        assert_eq!(fill(vec![Word::whole("a b").and(","), Word::whole("c")], 0, 0, 4), ["a b,", "c"]);
        assert_eq!(fill(vec![Word::painted("ab", "<ab>".into()), Word::whole("c")], 0, 0, 4), ["<ab> c"]);
        assert!(fill(Vec::new(), 0, 0, 4).is_empty());
    }

    #[test]
    fn a_break_makes_no_command_of_a_build_server() {
        assert_eq!(fill_data("x ::error::y", 0, 0, 5), ["x", "\\u003a:error::y"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_is_wider_than_its_longest_word_needs(
            text in "[a-z:# ]{0,60}", indent in 0_usize..8, hanging in 0_usize..8, width in 1_usize..40,
        ) {
            let lines = fill(words(&text), indent, hanging, width);
            prop_assert_eq!(lines.join(" "), words(&text).iter().map(|word| word.shown.clone()).collect::<Vec<_>>().join(" "));
            for (at, line) in lines.iter().enumerate() {
                let before = if at == 0 { indent } else { hanging };
                prop_assert!(before + line.chars().count() <= width || !line.contains(' '));
            }
            for line in fill_data(&text, indent, hanging, width) {
                prop_assert!(!line.contains("##") && !line.trim_start().starts_with("::"));
            }
        }
    }
}
