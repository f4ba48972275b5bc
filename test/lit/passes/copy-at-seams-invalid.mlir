// What is in another device's numbers has no business there, and nobody copies a cache.
// RUN: quern-opt %s --split-input-file --quern-copy-at-seams --verify-diagnostics

func.func @generated(%x: tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %a = quern.stage "a" rows step (%x : tensor<?x32xf32>) -> (!quern.rows<32, i16>) {
  ^bb0(%p: tensor<?x32xf32>):
    %y = quern.convert %p : tensor<?x32xf32> -> <32, i16>
    quern.yield %y : !quern.rows<32, i16>
  }
  // expected-error @below {{requires activations in f32 of another device}}
  quern.stage "b" rows step (%a : !quern.rows<32, i16>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: !quern.rows<32, i16>):
    quern.yield
  }
  return
}

// -----

// In one program it is written, in the other read.
quern.kv_cache @kv : !quern.kv<1 x 64, stored = f16, page = 64> group 0 index 0
func.func @prompt() attributes {quern.role = #quern<role prompt>} {
  %kv = quern.get @kv : !quern.kv<1 x 64, stored = f16, page = 64>
  quern.stage "a" rows step (%kv : !quern.kv<1 x 64, stored = f16, page = 64>) {
  ^bb0(%p: !quern.kv<1 x 64, stored = f16, page = 64>):
    quern.yield
  }
  return
}
func.func @generated() attributes {quern.role = #quern<role generated>} {
  %kv = quern.get @kv : !quern.kv<1 x 64, stored = f16, page = 64>
  // expected-error @below {{requires a KV cache that no other device uses}}
  quern.stage "b" rows step (%kv : !quern.kv<1 x 64, stored = f16, page = 64>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: !quern.kv<1 x 64, stored = f16, page = 64>):
    quern.yield
  }
  return
}
