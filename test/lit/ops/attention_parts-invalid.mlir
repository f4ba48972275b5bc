// Parts that are none, and rows that do not hold them.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @attention_parts_c1(%q: tensor<?x256xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires query columns that are a multiple of heads * size}}
  %0 = quern.attention_parts %q, %kv, %s {keys = 512, parts = 2, scale = 0.125 : f32} : (tensor<?x256xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x528xf32>
  return
}

// -----

func.func @attention_parts_c2(%q: tensor<?x192xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires 2 to 65536 parts of 1 to 2^24 keys}}
  %0 = quern.attention_parts %q, %kv, %s {keys = 512, parts = 1, scale = 0.125 : f32} : (tensor<?x192xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x198xf32>
  return
}

// -----

func.func @attention_parts_c2(%q: tensor<?x192xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires 2 to 65536 parts of 1 to 2^24 keys}}
  %0 = quern.attention_parts %q, %kv, %s {keys = 0, parts = 2, scale = 0.125 : f32} : (tensor<?x192xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x396xf32>
  return
}

// -----

func.func @attention_parts_c3(%q: tensor<?x192xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires a result of query heads * parts * (size + 2) columns}}
  %0 = quern.attention_parts %q, %kv, %s {keys = 512, parts = 2, scale = 0.125 : f32} : (tensor<?x192xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x384xf32>
  return
}

// -----

func.func @attention_parts_c4(%q: tensor<?x192xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires a positive softcap}}
  %0 = quern.attention_parts %q, %kv, %s {keys = 512, parts = 2, scale = 0.125 : f32, softcap = 0.0 : f32} : (tensor<?x192xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x396xf32>
  return
}

// -----

func.func @merge_parts_c1(%p: tensor<?x198xf32>) {
  // expected-error @below {{requires 2 to 65536 parts of a size of 1 to 2^24}}
  %0 = quern.merge_parts %p {parts = 1, size = 64} : tensor<?x198xf32> -> tensor<?x192xf32>
  return
}

// -----

func.func @merge_parts_c1(%p: tensor<?x198xf32>) {
  // expected-error @below {{requires 2 to 65536 parts of a size of 1 to 2^24}}
  %0 = quern.merge_parts %p {parts = 2, size = 0} : tensor<?x198xf32> -> tensor<?x192xf32>
  return
}

// -----

func.func @merge_parts_c2(%p: tensor<?x384xf32>) {
  // expected-error @below {{requires an operand of parts * (size + 2) columns for each size columns of the result}}
  %0 = quern.merge_parts %p {parts = 2, size = 64} : tensor<?x384xf32> -> tensor<?x192xf32>
  return
}

// -----

func.func @merge_parts_c2(%p: tensor<?x396xf32>) {
  // expected-error @below {{requires an operand of parts * (size + 2) columns for each size columns of the result}}
  %0 = quern.merge_parts %p {parts = 2, size = 63} : tensor<?x396xf32> -> tensor<?x192xf32>
  return
}

// -----

func.func @attention_parts_c2(%q: tensor<?x192xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires 2 to 65536 parts of 1 to 2^24 keys}}
  %0 = quern.attention_parts %q, %kv, %s {keys = 512, parts = 1048576, scale = 0.125 : f32} : (tensor<?x192xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x198xf32>
  return
}
