function data = shaped(values, shape)
% data = shaped(values, shape)
%   A column of values as an array of the engine's shape; arrays have two axes at least.

data = reshape(values, [caffe.internal.dims(shape), ones(1, max(0, 2 - numel(shape)))]);

end
