//! Messages and calls of the plugin protocol. The files beside this one are made by `cargo xtask codegen`.

#[rustfmt::skip]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated: what the protocol has, in the generator's words"
)]
pub(crate) mod go_plugin;

#[rustfmt::skip]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated: what the protocol has, in the generator's words"
)]
pub(crate) mod tfplugin5;

#[rustfmt::skip]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated: what the protocol has, in the generator's words"
)]
pub(crate) mod tfplugin6;
