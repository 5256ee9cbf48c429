@echo off
rem Finds Python 3.11-3.13, then hands over to run.py beside this file, with the same arguments.
cd /d "%~dp0"
set "PY="
for %%v in (3.13 3.12 3.11) do if not defined PY py -%%v -c "" >nul 2>nul && set "PY=py -%%v"
if not defined PY python -c "" >nul 2>nul && set "PY=python"
if not defined PY goto missing
%PY% run.py %*
set "CODE=%ERRORLEVEL%"
if not "%CODE%"=="0" pause
exit /b %CODE%
:missing
echo Chua co Python. Cai Python 3.13 tu https://www.python.org/downloads/ roi mo lai tep nay.
echo Python is missing. Install Python 3.13 from the address above, then open this file again.
pause
exit /b 1
