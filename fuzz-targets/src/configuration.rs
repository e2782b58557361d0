//! Configurations, in terraform's own language and in JSON: whatever can be read can be asked for, within bounds, and shows no
//! secret.

use landfast_discover::{Inputs, RootModule, provider_config};
use landfast_state::Members;
use landfast_state::schema::Block;

use crate::seed::Fixture;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in ["a.tf", "a.tf.json"] {
        let Ok(module) = RootModule::of_text(name, text, &Inputs::default()) else { continue };
        for name in module.locals() {
            let value = module.local(name);
            assert_eq!(value, module.local(name), "the same again");
        }
        for name in module.variables() {
            let _ = module.variable(name);
        }
        let _ = module.backend_members();
        for (reference, block) in module.provider_blocks() {
            let block = Some((&module, block));
            let _ = provider_config(&reference.name, &Block::default(), &Members::new(), block);
        }
        for resource in module.resources() {
            let _ = module.provider_reference(resource);
        }
    }
}

/// States are no configurations, and make good ones of JSON to be refused.
pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    fixture.small_document().into_iter().take(4).collect()
}
