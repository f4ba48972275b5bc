// Stored types and pages that the layout does not have.
// RUN: quern-opt %s --quern-lay-out-kv=stored=f8 --verify-diagnostics
// RUN: quern-opt %s --quern-lay-out-kv=page=10 --verify-diagnostics
// RUN: quern-opt %s --quern-lay-out-kv=page=0 --verify-diagnostics
// RUN: quern-opt %s --quern-lay-out-kv=page=-16 --verify-diagnostics
// RUN: quern-opt %s --quern-lay-out-kv=page=4112 --verify-diagnostics

// expected-error @below {{requires stored = f16 or f32 and a page of a multiple of 16 tokens up to 4096}}
module {
  quern.kv_cache @kv : !quern.kv<3 x 64>
}
