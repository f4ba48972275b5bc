// Launches of what is no kernel, or of one that wants other operands.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @launch_c1_missing() {
  // expected-error @below {{requires a quern.kernel called 'k'}}
  "quern.launch"() <{kernel = @k, name = "k"}> : () -> ()
  return
}

// -----

quern.weight @k : !quern.weight<32 x 32, "q4_1">
func.func @launch_c1_weight() {
  // expected-error @below {{requires a quern.kernel called 'k'}}
  "quern.launch"() <{kernel = @k, name = "k"}> : () -> ()
  return
}

// -----

quern.kernel @k role prompt rows step {
^bb0(%a: tensor<?x576xf32>):
  quern.yield
}
func.func @launch_c2_count() {
  // expected-error @below {{requires 1 operands}}
  "quern.launch"() <{kernel = @k, name = "k"}> : () -> ()
  return
}

// -----

quern.kernel @k role prompt rows step {
^bb0(%a: tensor<?x576xf32>, %b: tensor<?x576xf32>):
  quern.yield
}
func.func @launch_c2(%x: tensor<?x576xf32>, %y: tensor<?x192xf32>) {
  // expected-error @below {{requires operand 1 of type 'tensor<?x576xf32>'}}
  %0 = quern.launch @k "k" (%x, %y : tensor<?x576xf32>, tensor<?x192xf32>) -> (tensor<?x576xf32>)
  return
}

// -----

quern.kernel @k role prompt rows step {
^bb0(%kv: !quern.kv<3 x 64, window = ?>):
  quern.yield
}
func.func @launch_c2_cache(%kv: !quern.kv<1 x 64, window = 512>) {
  // expected-error @below {{requires operand 0 of type '!quern.kv<3 x 64}}
  %0 = quern.launch @k "k" (%kv : !quern.kv<1 x 64, window = 512>) -> (tensor<?x576xf32>)
  return
}

// -----

// expected-error @below {{unknown role 'draft'}}
quern.kernel @k role draft rows step {
  quern.yield
}

// -----

quern.kernel @k role prompt rows step {
^bb0(%a: tensor<?x576xf32>):
  quern.yield %a : tensor<?x576xf32>
}
func.func @launch_c3(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires results of the types that the kernel yields}}
  %0:2 = quern.launch @k "k" (%x : tensor<?x576xf32>) -> (tensor<?x64xf32>, tensor<?x1xf32>)
  return
}

// -----

quern.kernel @k role prompt rows step {
^bb0(%a: tensor<?x576xf32>):
  quern.yield %a : tensor<?x576xf32>
}
func.func @launch_c4(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires an offset for each result}}
  %0 = quern.launch @k "k" (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) {offsets = array<i64: 0, 64>}
  return
}

// -----

// expected-error @below {{requires a body that ends in quern.yield}}
quern.kernel @kernel_c1 role prompt rows step {
  llvm.unreachable
}

// -----

// expected-error @below {{requires no step where rows are those of logits}}
quern.kernel @kernel_c2 role prompt rows logits {
^bb0(%s: !quern.step):
  quern.yield
}

// -----

func.func @yield(%x: tensor<?x576xf32>) {
  // expected-error @below {{expects parent op to be one of 'quern.stage, quern.kernel'}}
  quern.yield %x : tensor<?x576xf32>
}
