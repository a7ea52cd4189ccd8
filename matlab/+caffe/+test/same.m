function same(value, expected, what)
% same(value, expected, what)
%   An error where they are not equal, in class and size too.

if ~isequaln(value, expected) || ~strcmp(class(value), class(expected))
  error('caffe:test', '%s is not as expected', what);
end

end
