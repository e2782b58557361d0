//! `cargo xtask figure first-contact` and `scan-time`: how long parts of a live check take.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

/// Runs a program with the address of a service in a variable, and prints the seconds until it connects. The service refuses
/// everything, so that the program ends by itself and leaves nothing behind.
pub(crate) fn first_contact(variable: &str, program: &[OsString]) -> Result<(), String> {
    let (name, arguments) = program.split_first().ok_or("no program")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("no port: {error}"))?;
    let address = listener.local_addr().map_err(|error| format!("no port: {error}"))?;
    let (contacted, contact) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Only the first one is looked at.
            let _ = contacted.send(Instant::now());
            std::thread::spawn(move || refuse(&stream));
        }
    });
    let mut command = Command::new(name);
    command.args(arguments).env(variable, format!("http://{address}"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("cannot run {}: {error}", name.display()))?;
    child.wait().map_err(|error| format!("cannot wait for {}: {error}", name.display()))?;
    let at = contact.try_recv().map_err(|_| format!("{} talked to nobody", name.display()))?;
    println!("{}", (at - begun).as_secs_f64());
    Ok(())
}

/// Answers one request: no.
fn refuse(mut stream: &TcpStream) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    while !lines.next()?.ok()?.is_empty() {}
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
    let head = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).ok()
}

/// Runs a check with a file for its events, and prints the seconds that its scan took.
pub(crate) fn scan_time(program: &[OsString]) -> Result<(), String> {
    let (name, arguments) = program.split_first().ok_or("no program")?;
    let events = tempfile::NamedTempFile::new().map_err(|error| format!("no file for events: {error}"))?;
    let mut command = Command::new(name);
    command.args(arguments).arg("--events").arg(events.path()).stdin(Stdio::null()).stdout(Stdio::null());
    crate::process::run(&mut command)?;
    let text = std::fs::read_to_string(events.path()).map_err(|error| format!("the events: {error}"))?;
    let last: serde_json::Value =
        text.lines().last().and_then(|line| serde_json::from_str(line).ok()).ok_or("no events")?;
    let milliseconds = last.get("after_ms").and_then(serde_json::Value::as_f64).ok_or("events without a time")?;
    println!("{}", milliseconds / 1e3);
    Ok(())
}
