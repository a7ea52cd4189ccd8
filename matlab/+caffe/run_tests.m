function results = run_tests()
% results = run_tests()
%   Tries this package on nets of its own: a struct for each test with its name, whether it passed, and what was wrong.

caffe.set_mode_cpu();
caffe.reset_all();
tests = {@caffe.test.test_net, @caffe.test.test_solver, @caffe.test.test_io};
results = struct('name', {}, 'passed', {}, 'problem', {});
for n = 1:numel(tests)
  name = func2str(tests{n});
  problem = '';
  try
    tests{n}();
    fprintf('%s passed\n', name);
  catch reason
    problem = reason.message;
    fprintf('%s failed: %s\n', name, problem);
  end
  results(n) = struct('name', name, 'passed', isempty(problem), 'problem', problem);
end
caffe.reset_all();

end
