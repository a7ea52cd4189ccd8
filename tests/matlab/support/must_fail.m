function must_fail(call, pattern)
% An error where call() makes none, or one whose text the pattern does not match.

try
  call();
catch problem
  assert(~isempty(regexp(problem.message, pattern, 'once')), 'it says: %s', problem.message);
  return
end
error('there is no error, and %s was expected', pattern);

end
