//! The list of blobs that the service gives, which is XML.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page {
    #[serde(default)]
    blobs: Blobs,
    /// Where the next page begins; empty on the last one.
    #[serde(default)]
    pub(super) next_marker: String,
}

#[derive(Debug, Default, Deserialize)]
struct Blobs {
    #[serde(default, rename = "Blob")]
    blobs: Vec<Listed>,
}

/// A blob, a snapshot or a version in a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    name: Name,
    /// When the snapshot was made, which is its name; `None` for what is no snapshot.
    #[serde(default)]
    pub(super) snapshot: Option<String>,
    /// Name of the version, where the account keeps versions.
    #[serde(default)]
    pub(super) version_id: Option<String>,
    #[serde(default)]
    is_current_version: Option<bool>,
    pub(super) properties: Properties,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Name {
    #[serde(default, rename = "@Encoded")]
    encoded: Option<bool>,
    #[serde(default, rename = "$text")]
    text: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Properties {
    #[serde(default, rename = "Content-Length")]
    pub(super) length: u64,
    #[serde(default, rename = "Content-MD5")]
    pub(super) md5: Option<String>,
    #[serde(default, rename = "Last-Modified")]
    pub(super) modified: Option<String>,
}

impl Page {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        quick_xml::de::from_str(text.trim_start_matches('\u{feff}')).ok()
    }

    pub(super) fn into_blobs(self) -> Vec<Listed> {
        self.blobs.blobs
    }
}

impl Listed {
    pub(super) fn name(&self) -> String {
        match self.name.encoded {
            Some(true) => percent_decode_str(&self.name.text).decode_utf8_lossy().into_owned(),
            _ => self.name.text.clone(),
        }
    }

    /// A member of the metadata. Its name is in whatever case the last writer sent it: terraform's are capitalised.
    pub(super) fn metadata(&self, name: &str) -> Option<&str> {
        let found = self.metadata.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it is what a read gives.
    pub(super) fn is_current(&self) -> bool {
        self.snapshot.is_none() && (self.version_id.is_none() || self.is_current_version == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_the_service_are_read() {
        let page = Page::parse(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Prefix>a</Prefix><Blobs>\
             <Blob><Name>a b/\u{fc}&amp;.tfstate</Name><Snapshot>2026-11-21T10:45:33.4930000Z</Snapshot><Properties>\
             <Last-Modified>Sat, 21 Nov 2026 10:45:33 GMT</Last-Modified><Content-Length>2</Content-Length>\
             <Content-MD5>mZFLkyvTelC5g8XnyQrpOw==</Content-MD5></Properties><Metadata><Aa>1</Aa><b /></Metadata></Blob>\
             <Blob><Name Encoded=\"true\">a%EF%BF%BE</Name><VersionId>2026-11-21T10:45:34.0000000Z</VersionId>\
             <IsCurrentVersion>true</IsCurrentVersion><Properties><Content-Length>0</Content-Length><Content-MD5 />\
             </Properties><OrMetadata /></Blob></Blobs><NextMarker>x</NextMarker></EnumerationResults>"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(page.next_marker, "x");
        let [first, second] = <[Listed; 2]>::try_from(page.into_blobs()).unwrap();
        assert_eq!(first.name(), "a b/ü&.tfstate");
        assert_eq!((first.metadata("aa"), first.metadata("b"), first.metadata("c")), (Some("1"), Some(""), None));
        assert!(!first.is_current() && second.is_current());
        assert_eq!(second.name(), "a\u{fffe}");
        assert!(Page::parse(b"<html>").is_none());
        assert!(Page::parse(b"<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>").is_some());
    }
}
