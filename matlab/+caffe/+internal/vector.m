function objects = vector(count, make)
% objects = vector(count, make)
%   An array of make(1) to make(count); [] where count is 0.

objects = [];
for n = 1:count
  object = make(n);
  if n == 1
    objects = object;
  else
    objects(n) = object;
  end
end

end
