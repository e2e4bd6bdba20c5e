//! What must hold of the sources and is no dependency: one program, so that it is linked once.

mod sections;
