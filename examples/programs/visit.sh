# Typed at the head node by `ray attach golem-cluster.yaml < visit.sh`.
echo "visiting $NODE_IP as $(whoami)"
ls letters
exit
