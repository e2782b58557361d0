//! Random worlds that are changed, taken back, and brought forward again.

use super::{Proof, Setting, simulation};
use crate::process::output_of;
use crate::simulate::example;
use crate::workspace::root;

pub(super) fn prove(setting: &Setting) -> Result<Vec<Proof>, String> {
    let worlds = setting.many(10_000, 300);
    let mut run = example(&root()?, "worlds", setting.build());
    let output = output_of(run.args(["--seeds", &worlds.to_string()]));
    let what = "random worlds, changed by a plan, taken back, and the taking back taken back";
    Ok(vec![simulation::proof("worlds", what, worlds, output)])
}
