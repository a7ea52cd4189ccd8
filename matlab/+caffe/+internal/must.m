function must(condition, varargin)
% must(condition, template, ...)
%   An error with that text where the condition does not hold.

if ~condition
  error('caffe:argument', varargin{:});
end

end
