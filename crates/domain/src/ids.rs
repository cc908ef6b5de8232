//! Numbers with a form of their own, parsed once at the edge.
