// What the CPU target refuses to lower, at the op.
// RUN: quern-opt %s --quern-cpu-lower-kernels=mcpu=x86-64-v3 --split-input-file --verify-diagnostics

// expected-error @below {{requires a root that the cpu target can lower}}
quern.kernel @copy role generated rows step {
^bb0(%a: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}

// -----

quern.kernel @plain role generated rows step {
^bb0(%x: tensor<?x32xf32>, %w: tensor<32x32xf32>):
  // expected-error @below {{requires packed weights and rows from outside of the kernel}}
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// -----

// expected-error @below {{requires packed weights and laid-out caches; '!quern.weight<32 x 32, "q4_1">' has no place in memory}}
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
  // expected-error @below {{requires packed weights and rows from outside of the kernel}}
  %1 = quern.linear %0, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #floats>) -> tensor<?x32xf32>
  quern.yield %1 : tensor<?x32xf32>
}

// -----

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
quern.kernel @two role generated rows step {
^bb0(%x: tensor<?x32xf32>, %y: tensor<?x32xf32>, %w: !quern.panels<32 x 32, #floats>):
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #floats>) -> tensor<?x32xf32>
  // expected-error @below {{requires operand and weight's type of the kernel's first linear}}
  %1 = quern.linear %y, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #floats>) -> tensor<?x32xf32>
  %2 = quern.add %0, %1 : tensor<?x32xf32>
  quern.yield %2 : tensor<?x32xf32>
}

// -----

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
quern.kernel @float_weights role generated rows step {
^bb0(%x: !quern.rows<32, i16>, %w: !quern.panels<32 x 32, #floats>):
  // expected-error @below {{requires weights of integer codes for integer rows}}
  %0 = quern.linear %x, %w : (!quern.rows<32, i16>, !quern.panels<32 x 32, #floats>) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// -----

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
quern.kernel @beside role generated rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<32 x 32, #floats>, %n: tensor<32xf32>):
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #floats>) -> tensor<?x32xf32>
  // expected-error @below {{requires a kernel without a linear}}
  %1 = quern.rms_norm %0, %n {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  quern.yield %1 : tensor<?x32xf32>
}

// -----

quern.kernel @table role generated rows step {
^bb0(%t: tensor<?xi32>, %w: tensor<32x32xf32>):
  // expected-error @below {{requires a packed table}}
  %0 = quern.embed %t, %w : (tensor<?xi32>, tensor<32x32xf32>) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// -----

// expected-error @below {{requires packed weights and laid-out caches; '!quern.kv<1 x 32, window = ?>' has no place in memory}}
quern.kernel @attend role generated rows step {
^bb0(%q: tensor<?x32xf32>, %kv: !quern.kv<1 x 32, window = ?>, %s: !quern.step):
  %0 = quern.attention %q, %kv, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32, window = ?>, !quern.step) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}
