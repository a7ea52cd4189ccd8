function shape = dims(shape)
% shape = dims(shape)
%   The axes of a blob as sizes of an array here, and the other way round: the last axis of the one is the first of the
%   other.

shape = fliplr(reshape(double(shape), 1, []));

end
