// Lists of k in a part, columns that f32 can count.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @top_k_c1(%x: tensor<?x32xf32>) {
  // expected-error @below {{requires a k from 1 to the part}}
  %y = quern.top_k %x {k = 0 : i64, part = 8 : i64} : (tensor<?x32xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @top_k_c1_part(%x: tensor<?x32xf32>) {
  // expected-error @below {{requires a k from 1 to the part}}
  %y = quern.top_k %x {k = 9 : i64, part = 8 : i64} : (tensor<?x32xf32>) -> tensor<?x72xf32>
  return
}

// -----

func.func @top_k_c2(%x: tensor<?x7xf32>) {
  // expected-error @below {{requires rows of at least k columns}}
  %y = quern.top_k %x {k = 8 : i64, part = 8 : i64} : (tensor<?x7xf32>) -> tensor<?x16xf32>
  return
}

// -----

func.func @top_k_c3(%x: tensor<?x16777216xf32>) {
  // expected-error @below {{requires rows of fewer than 2^24 columns}}
  %y = quern.top_k %x {k = 1 : i64, part = 16777216 : i64} : (tensor<?x16777216xf32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @top_k_c4(%x: tensor<?x33xf32>) {
  // expected-error @below {{requires a result of 2 k columns for each part}}
  %y = quern.top_k %x {k = 2 : i64, part = 8 : i64} : (tensor<?x33xf32>) -> tensor<?x16xf32>
  return
}
