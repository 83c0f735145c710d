//! Embedded template to project.
