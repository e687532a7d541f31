"""Operations: decided here, executed by the agent of the cluster, ended the second that access ends."""
