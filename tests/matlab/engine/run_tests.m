% The package's own tests.
results = caffe.run_tests();
assert({results.problem}, {'', '', ''});
assert([results.passed]);
assert(size(results), [1 3]);
