// What there is no kernel of threads for, said at the op.
// RUN: quern-opt %s --quern-simt-lower-kernels --split-input-file --verify-diagnostics

// expected-error @below {{requires a root that there is a kernel of threads for}}
quern.kernel @copy role generated rows step {
^bb0(%a: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}

// -----

// expected-error @below {{requires packed weights, laid-out caches and activations in f32, i16 or i8; '!quern.weight<32 x 32, "q4_1">' has no place in memory}}
quern.kernel @unpacked role generated rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.weight<32 x 32, "q4_1">):
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// -----

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
quern.kernel @inside role generated rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<32 x 32, #floats>):
  %0 = quern.scale %x by 2.0 : tensor<?x32xf32>
  // expected-error @below {{requires linears of one operand with packed weights of one shape}}
  %1 = quern.linear %0, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #floats>) -> tensor<?x32xf32>
  quern.yield %1 : tensor<?x32xf32>
}

// -----

// expected-error @below {{requires packed weights, laid-out caches and activations in f32, i16 or i8; '!quern.rows<32, bf16>' has no place in memory}}
quern.kernel @half role prompt rows step {
^bb0(%x: tensor<?x32xf32>):
  %0 = quern.convert %x : tensor<?x32xf32> -> !quern.rows<32, bf16>
  quern.yield %0 : !quern.rows<32, bf16>
}

// -----

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
quern.kernel @floats role generated rows step {
^bb0(%x: !quern.rows<32, i16>, %w: !quern.panels<32 x 32, #floats>):
  // expected-error @below {{requires weights of integer codes for integer rows}}
  %0 = quern.linear %x, %w : (!quern.rows<32, i16>, !quern.panels<32 x 32, #floats>) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// -----

// The norm of a head, of which a step of 32 columns may not be all.
// expected-error @below {{requires a root that there is a kernel of threads for}}
quern.kernel @heads role generated rows step {
^bb0(%x: tensor<?x192xf32>, %w: tensor<48xf32>):
  %y = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x192xf32>, tensor<48xf32>) -> tensor<?x192xf32>
  %0 = quern.convert %y : tensor<?x192xf32> -> !quern.rows<192, i16>
  quern.yield %0 : !quern.rows<192, i16>
}

// -----

// More numbers than the memory of a workgroup has places for.
// expected-error @below {{requires a root that there is a kernel of threads for}}
quern.kernel @top_k role generated rows logits {
^bb0(%x: tensor<?x9999xf32>):
  %y = quern.top_k %x {k = 2 : i64, part = 2049 : i64} : (tensor<?x9999xf32>) -> tensor<?x20xf32>
  quern.yield %y : tensor<?x20xf32>
}
