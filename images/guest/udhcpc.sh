#!/bin/sh
# Takes over what the DHCP server gave.
case $1 in
  bound | renew)
    ifconfig "$interface" "$ip" netmask "$subnet"
    [ -n "$router" ] && route add default gw "${router%% *}"
    [ -n "$dns" ] && echo "nameserver ${dns%% *}" >/etc/resolv.conf
    ;;
esac
