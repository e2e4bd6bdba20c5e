//! Compiles the pages, with fonts and Vietnamese words inside the program.

use slint_build::{CompilerConfiguration, DefaultTranslationContext, EmbedResourcesKind};

fn main() {
    println!("cargo:rerun-if-changed=../words");
    // Tests and the robot citizen find buttons by what they say; a kiosk's own
    // release build has no use for it.
    let for_tests = std::env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let how = CompilerConfiguration::new()
        .embed_resources(EmbedResourcesKind::EmbedFiles)
        .with_debug_info(for_tests)
        .with_default_translation_context(DefaultTranslationContext::None)
        .with_bundled_translations("../words");
    if let Err(error) = slint_build::compile_with_config("../pages/app.slint", how) {
        panic!("the pages do not compile: {error}");
    }
}
