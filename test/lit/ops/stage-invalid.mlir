// Stages whose bodies do not fit what they are given.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @stage_c1(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires block arguments of the operands' types}}
  %0 = quern.stage "s" rows step (%x : tensor<?x576xf32>) -> (tensor<?x192xf32>) {
  ^bb0(%a: tensor<?x192xf32>):
    quern.yield %a : tensor<?x192xf32>
  }
  return
}

// -----

func.func @stage_c1_count(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires block arguments of the operands' types}}
  %0 = quern.stage "s" rows step (%x, %x : tensor<?x576xf32>, tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  ^bb0(%a: tensor<?x576xf32>):
    quern.yield %a : tensor<?x576xf32>
  }
  return
}

// -----

func.func @stage_c2(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires yielded values of the results' types}}
  %0 = quern.stage "s" rows step (%x : tensor<?x576xf32>) -> (tensor<?x192xf32>) {
  ^bb0(%a: tensor<?x576xf32>):
    quern.yield %a : tensor<?x576xf32>
  }
  return
}

// -----

func.func @stage_c2_count(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires yielded values of the results' types}}
  %0 = quern.stage "s" rows step (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  ^bb0(%a: tensor<?x576xf32>):
    quern.yield %a, %a : tensor<?x576xf32>, tensor<?x576xf32>
  }
  return
}

// -----

func.func @stage_c2_terminator(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires a body that ends in quern.yield}}
  %0 = quern.stage "s" rows step (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  ^bb0(%a: tensor<?x576xf32>):
    %1 = quern.add %a, %a : tensor<?x576xf32>
  }
  return
}

// -----

func.func @stage_isolated(%x: tensor<?x576xf32>) {
  // expected-note @below {{required by region isolation constraints}}
  %0 = quern.stage "s" rows step (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  ^bb0(%a: tensor<?x576xf32>):
    // expected-error @below {{using value defined outside the region}}
    %1 = quern.add %x, %x : tensor<?x576xf32>
    quern.yield %1 : tensor<?x576xf32>
  }
  return
}

// -----

func.func @stage_rows(%x: tensor<?x576xf32>) {
  // expected-error @below {{unknown row count 'tiles'}}
  quern.stage "s" rows tiles () -> () {
    quern.yield
  }
  return
}
