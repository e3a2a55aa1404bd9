#!/usr/bin/env escript
%% -*- erlang -*-
%%! +K true +sbwt none
%% SPDX-License-Identifier: BSD-3-Clause
%% OTP's diameter application as a server that answers every ACR and CCR at once and stores nothing.
%%
%%   server.escript PORT        prints "ready" when it listens
%%
%% Everything that costs and is not needed is off: strings stay binaries, nothing is counted, and a
%% request that the dictionary does not know in full is answered all the same.

-mode(compile).

-record(diameter_packet, {header, avps, msg, bin, errors = [], transport_data}).

-define(SERVICE, charging).
-define(HOST, <<"charging.example.net">>).
-define(REALM, <<"example.net">>).
-define(CREDIT, chg_reference_credit).

main([Port]) ->
    ok = compile_dictionary(),
    ok = diameter:start(),
    ok = diameter:start_service(?SERVICE, service()),
    {ok, _} = diameter:add_transport(?SERVICE, {listen, transport(list_to_integer(Port))}),
    io:format("ready~n"),
    receive stop -> ok end.

transport(Port) ->
    [{transport_module, diameter_tcp},
     {transport_config, [{reuseaddr, true}, {ip, {127, 0, 0, 1}}, {port, Port}, {nodelay, true}]}].

service() ->
    [{'Origin-Host', ?HOST}, {'Origin-Realm', ?REALM}, {'Vendor-Id', 0},
     {'Product-Name', "OTP server"}, {'Acct-Application-Id', [3]}, {'Auth-Application-Id', [4]},
     {string_decode, false}, {decode_format, map}, {traffic_counters, false},
     application(accounting, diameter_gen_acct_rfc6733, fun account/1),
     application(credit, ?CREDIT, fun credit/1)].

application(Alias, Dictionary, Answer) ->
    {application, [{alias, Alias}, {dictionary, Dictionary}, {answer_errors, discard},
                   {request_errors, callback},
                   {module, [diameter_callback,
                             {peer_up, false}, {peer_down, false},
                             {handle_request,
                              fun(#diameter_packet{msg = [_ | Request]}, _, _) ->
                                      {reply, #diameter_packet{msg = Answer(Request),
                                                               errors = false}}
                              end}]}]}.

account(#{'Session-Id' := Session, 'Accounting-Record-Type' := Type,
          'Accounting-Record-Number' := Number}) ->
    ['ACA' | #{'Session-Id' => Session, 'Result-Code' => 2001,
               'Origin-Host' => ?HOST, 'Origin-Realm' => ?REALM,
               'Accounting-Record-Type' => Type, 'Accounting-Record-Number' => Number,
               'Acct-Application-Id' => [3]}].

credit(#{'Session-Id' := Session, 'CC-Request-Type' := Type, 'CC-Request-Number' := Number}) ->
    ['CCA' | #{'Session-Id' => Session, 'Result-Code' => 2001,
               'Origin-Host' => ?HOST, 'Origin-Realm' => ?REALM, 'Auth-Application-Id' => 4,
               'CC-Request-Type' => Type, 'CC-Request-Number' => Number}].

%% No more of RFC 8506 than an answer needs; what else a request has stays as it came.
compile_dictionary() ->
    {ok, [Forms]} = diameter_make:codec(dictionary(), [return, forms]),
    {ok, Module, Code} = compile:forms(Forms),
    {module, Module} = code:load_binary(Module, "chg_reference_credit.dia", Code),
    ok.

dictionary() ->
    "@id 4\n"
    "@name chg_reference_credit\n"
    "@prefix chg_reference_credit\n"
    "@inherits diameter_gen_base_rfc6733\n"
    "@avp_types\n"
    "CC-Request-Number 415 Unsigned32 M\n"
    "CC-Request-Type 416 Unsigned32 M\n"
    "@messages\n"
    "CCR ::= < Diameter Header: 272, REQ, PXY >\n"
    " < Session-Id > { Origin-Host } { Origin-Realm } { Destination-Realm }\n"
    " { Auth-Application-Id } { CC-Request-Type } { CC-Request-Number } * [ AVP ]\n"
    "CCA ::= < Diameter Header: 272, PXY >\n"
    " < Session-Id > { Result-Code } { Origin-Host } { Origin-Realm } { Auth-Application-Id }\n"
    " { CC-Request-Type } { CC-Request-Number } * [ AVP ]\n".
