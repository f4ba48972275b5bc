// What is in another device's numbers has no business there.
// RUN: quern-opt %s --quern-copy-at-seams --verify-diagnostics

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
