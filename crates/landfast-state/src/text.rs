//! Which characters a terminal shows as themselves.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Whether a character is a letter, mark, number, punctuation, symbol or the ASCII space: what Go's `unicode.IsPrint`
/// says, which terraform uses to decide what it escapes in an address. Control characters, bidi marks, zero-width
/// characters, private use, unassigned code points and every space but U+0020 are not printable.
#[must_use]
pub fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    !matches!(c.general_category_group(), GeneralCategoryGroup::Other | GeneralCategoryGroup::Separator)
        && c.general_category() != GeneralCategory::Unassigned
}

/// Whether a character is a combining mark, which may stand inside a name.
pub(crate) fn is_mark(c: char) -> bool {
    !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Mark
}
