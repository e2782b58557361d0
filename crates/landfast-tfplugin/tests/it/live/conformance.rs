//! What every provider must do with us: start, with TLS and without, tell its schema, take its configuration, end.

use std::path::Path;

use landfast_tfplugin::{Ending, ProtocolVersion, ProviderReader, SchemaScope, StartOptions, Tls};

use super::tools::{aws, null, old_aws, workato};

/// What a provider is known to have.
struct Known {
    protocol: ProtocolVersion,
    resources: usize,
    data_sources: usize,
}

async fn conforms(program: &Path, known: &Known) {
    for tls in [Tls::Automatic, Tls::Off] {
        let mut options = StartOptions::default();
        options.tls = tls;
        let reader = ProviderReader::start(program, &options).await.unwrap();
        assert_eq!(reader.protocol(), known.protocol);
        assert_eq!(reader.is_encrypted(), tls == Tls::Automatic);
        let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
        assert_eq!((schemas.resources.len(), schemas.data_sources.len()), (known.resources, known.data_sources));
        assert!(schemas.unusable.is_empty(), "{:?}", schemas.unusable);
        assert!(!reader.has_ended());
        assert_eq!(reader.close().await, Ending::Itself, "{tls:?}");
    }
}

#[tokio::test]
async fn null_2_1_2() {
    conforms(&null(), &Known { protocol: ProtocolVersion::V5, resources: 1, data_sources: 1 }).await;
}

#[tokio::test]
async fn aws_2_70_0() {
    conforms(&old_aws(), &Known { protocol: ProtocolVersion::V5, resources: 583, data_sources: 191 }).await;
}

#[tokio::test]
async fn workato_0_16_0() {
    conforms(&workato(), &Known { protocol: ProtocolVersion::V6, resources: 14, data_sources: 0 }).await;
}

#[tokio::test]
async fn aws_3_39_0() {
    conforms(&aws(), &Known { protocol: ProtocolVersion::V5, resources: 711, data_sources: 246 }).await;
}
