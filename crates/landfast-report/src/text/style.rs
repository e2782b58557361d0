//! Colours.

use anstyle::{AnsiColor, Style};
use landfast_drift::{ChangeKind, DriftStatus, Severity};

use super::ColorChoice;

/// Paints texts, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painter(ColorChoice);

impl Painter {
    pub(crate) fn new(color: ColorChoice) -> Self {
        Self(color)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        let style = Style::new();
        let style = match severity {
            Severity::None => style,
            Severity::Minor => style.fg_color(Some(AnsiColor::Cyan.into())),
            Severity::Moderate => style.fg_color(Some(AnsiColor::Yellow.into())),
            Severity::Major => style.fg_color(Some(AnsiColor::Red.into())),
            Severity::Critical => style.fg_color(Some(AnsiColor::Red.into())).bold(),
        };
        self.paint(style, text)
    }

    pub(crate) fn status(self, status: DriftStatus, text: &str) -> String {
        match status {
            DriftStatus::Drifted => self.change(ChangeKind::Changed, text),
            DriftStatus::Missing => self.change(ChangeKind::Removed, text),
            DriftStatus::Unmanaged => self.change(ChangeKind::Added, text),
            DriftStatus::Unreadable | DriftStatus::Unsupported => {
                self.paint(Style::new().fg_color(Some(AnsiColor::Magenta.into())), text)
            }
            DriftStatus::InSync | DriftStatus::Suppressed => self.dim(text),
        }
    }

    pub(crate) fn change(self, kind: ChangeKind, text: &str) -> String {
        let color = match kind {
            ChangeKind::Changed => AnsiColor::Yellow,
            ChangeKind::Added => AnsiColor::Green,
            ChangeKind::Removed => AnsiColor::Red,
        };
        self.paint(Style::new().fg_color(Some(color.into())), text)
    }

    fn paint(self, style: Style, text: &str) -> String {
        match self.0 {
            ColorChoice::Never => text.to_owned(),
            ColorChoice::Always => format!("{style}{text}{style:#}"),
        }
    }
}
