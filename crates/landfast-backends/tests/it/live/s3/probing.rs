//! Which servers the probe trusts.

use std::process::Command;

use landfast_backends::{ProbeOptions, ProbeVerdict, ProbeWrites, StateKey, probe};
use serde_json::json;

use super::{KEY_ID, SECRET, moto, seaweedfs, store};
use crate::live::servers::Server;

fn options(rounds: usize) -> ProbeOptions {
    let mut options = ProbeOptions::default();
    options.rounds = rounds;
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_exclude_are_not_accused() {
    let (moto, seaweedfs) = (moto(), seaweedfs("plain"));
    let stores = [
        ("moto", store(&moto, &json!({}))),
        ("moto with a table", store(&moto, &json!({"dynamodb_table": "locks"}))),
        ("seaweedfs", store(&seaweedfs, &json!({}))),
    ];
    for (name, store) in stores {
        let mut options = options(15);
        options.writes = ProbeWrites::Scratch;
        let report = probe(&store, &StateKey::new(format!("probe/{name}")), &options).await.unwrap();
        assert_eq!(report.verdict(), ProbeVerdict::NothingFound, "{name}: {report}: {report:?}");
        assert!(report.rounds.iter().all(|round| (round.winners, round.refused) == (1, 15)), "{name}: {report:?}");
    }
}

/// s3s-fs looks whether the object is there, and then writes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_whose_creations_are_not_atomic_is_found_out() {
    let server = Server::start(|port, folder| {
        std::fs::create_dir_all(folder.join("root/states")).unwrap();
        let mut command = Command::new(crate::live::tool("s3s-fs/bin/s3s-fs"));
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--access-key", KEY_ID, "--secret-key", SECRET])
            .arg(folder.join("root"))
            .env("RUST_LOG", "off");
        command
    });
    let store = store(&server, &json!({}));
    let report = probe(&store, &StateKey::new("probe"), &options(60)).await.unwrap();
    println!("s3s-fs: {report}");
    assert_eq!(report.verdict(), ProbeVerdict::Unsafe, "{report}: {report:?}");
    assert!(report.broken_rounds() > 1 && report.most_winners() > 1, "{report:?}");
}
