// What a program returns has one place each: that of the logits, that of the best.
// RUN: quern-opt %s --quern-plan-memory --split-input-file --verify-diagnostics

// expected-error @below {{requires a program with one result, the logits, or two, those and the best of them}}
func.func @three(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  return %x, %x, %x : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

// The best of the logits come before them.
quern.kernel @k role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}
// expected-error @below {{requires a program of two results to end in launches that rank what its last launch brings back}}
func.func @order(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @k "head" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %1 = quern.launch @k "logits" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %2 = quern.launch @k "best" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %1, %2 : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

quern.kernel @k role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}
// expected-error @below {{requires a program of two results to end in launches that rank what its last launch brings back}}
func.func @same(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @k "head" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %1 = quern.launch @k "logits" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %1, %0 : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

quern.kernel @k role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}
quern.kernel @few role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  %0 = quern.top_k %a {k = 2 : i64, part = 32 : i64} : (tensor<?x32xf32>) -> tensor<?x4xf32>
  quern.yield %0 : tensor<?x4xf32>
}
quern.kernel @more role prompt rows logits {
^bb0(%a: tensor<?x32xf32>):
  %0 = quern.top_k %a {k = 4 : i64, part = 32 : i64} : (tensor<?x32xf32>) -> tensor<?x8xf32>
  quern.yield %0 : tensor<?x8xf32>
}
func.func @generated(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x4xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @k "head" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %1 = quern.launch @few "best" (%0 : tensor<?x32xf32>) -> (tensor<?x4xf32>)
  %2 = quern.launch @k "logits" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %2, %1 : tensor<?x32xf32>, tensor<?x4xf32>
}
// expected-error @below {{requires the best logits in 4 columns, as the other program has}}
func.func @prompt(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x8xf32>) attributes {quern.role = #quern<role prompt>} {
  %0 = quern.launch @k "head" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %1 = quern.launch @more "best" (%0 : tensor<?x32xf32>) -> (tensor<?x8xf32>)
  %2 = quern.launch @k "logits" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %2, %1 : tensor<?x32xf32>, tensor<?x8xf32>
}

// -----

// expected-error @below {{requires a result that a launch of `rows logits` makes}}
func.func @none(%x: tensor<?x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  return %x : tensor<?x32xf32>
}

// -----

// There may be more rows of the step than rows of logits.
quern.kernel @k role generated rows step {
^bb0(%a: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}
// expected-error @below {{requires a result that a launch of `rows logits` makes}}
func.func @step(%x: tensor<?x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @k "k" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %0 : tensor<?x32xf32>
}

// -----

quern.kernel @k role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}
quern.kernel @l role prompt rows logits {
^bb0(%a: tensor<?x64xf32>):
  quern.yield %a : tensor<?x64xf32>
}
func.func @narrow(%x: tensor<?x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @k "k" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %0 : tensor<?x32xf32>
}
// expected-error @below {{requires logits of 32 columns, as the other program has}}
func.func @wide(%x: tensor<?x64xf32>) -> tensor<?x64xf32> attributes {quern.role = #quern<role prompt>} {
  %0 = quern.launch @l "k" (%x : tensor<?x64xf32>) -> (tensor<?x64xf32>)
  return %0 : tensor<?x64xf32>
}

// -----

// expected-error @below {{requires a layout (quern-lay-out-kv)}}
quern.kv_cache @kv : !quern.kv<1 x 32>

// -----

quern.kv_cache @a : !quern.kv<1 x 32, stored = f16, page = 64> group 0 index 0
// expected-error @below {{of the other caches of group 0}}
quern.kv_cache @b : !quern.kv<2 x 32, stored = f16, page = 64> group 0 index 1

// -----

// expected-error @below {{requires a cache in group 0}}
module {
quern.kv_cache @a : !quern.kv<1 x 32, stored = f16, page = 64> group 1 index 0
}

// -----

// expected-error @below {{requires KV caches of less than 64 TiB}}
module {
quern.kv_cache @a : !quern.kv<1048576 x 1024, stored = f32, page = 4096> group 0 index 0
}
