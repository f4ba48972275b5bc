// Queries that the cache's heads do not serve, and caps that are none.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @attention_c1(%q: tensor<?x256xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires query columns that are a multiple of heads * size}}
  %0 = quern.attention %q, %kv, %s {scale = 0.125 : f32} : (tensor<?x256xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x256xf32>
  return
}

// -----

func.func @attention_c2(%q: tensor<?x576xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires a result of the query's type}}
  %0 = quern.attention %q, %kv, %s {scale = 0.125 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x192xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<?x576xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // expected-error @below {{requires a positive softcap}}
  %0 = quern.attention %q, %kv, %s {scale = 0.125 : f32, softcap = 0.0 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x576xf32>
  return
}
