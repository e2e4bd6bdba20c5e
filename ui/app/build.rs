//! Compiles the pages, with fonts and Vietnamese words inside the program.

use slint_build::{CompilerConfiguration, DefaultTranslationContext, EmbedResourcesKind};

fn main() {
    println!("cargo:rerun-if-changed=../words");
    let findable = std::env::var_os("CARGO_FEATURE_FINDABLE").is_some();
    let how = CompilerConfiguration::new()
        .embed_resources(EmbedResourcesKind::EmbedFiles)
        .with_debug_info(findable)
        .with_default_translation_context(DefaultTranslationContext::None)
        .with_bundled_translations("../words");
    if let Err(error) = slint_build::compile_with_config("../pages/app.slint", how) {
        panic!("the pages do not compile: {error}");
    }
}
